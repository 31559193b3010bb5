#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Boligen: type, eieforhold, oppvarming og nabolag.</summary>
[XmlRoot(ElementName = "Housing")]
public class Housing
{
    [XmlElement("dwelling", Order = 1)]
    [JsonProperty("dwelling")]
    [JsonPropertyName("dwelling")]
    public Dwelling? Dwelling { get; set; }

    [XmlElement("tenure", Order = 2)]
    [JsonProperty("tenure")]
    [JsonPropertyName("tenure")]
    public Tenure? Tenure { get; set; }

    [XmlElement("rooms", Order = 3)]
    [JsonProperty("rooms")]
    [JsonPropertyName("rooms")]
    public Rooms? Rooms { get; set; }

    [XmlElement("heating", Order = 4)]
    [JsonProperty("heating")]
    [JsonPropertyName("heating")]
    public Heating? Heating { get; set; }

    [XmlElement("energy", Order = 5)]
    [JsonProperty("energy")]
    [JsonPropertyName("energy")]
    public Energy? Energy { get; set; }

    [XmlElement("neighbourhood", Order = 6)]
    [JsonProperty("neighbourhood")]
    [JsonPropertyName("neighbourhood")]
    public Neighbourhood? Neighbourhood { get; set; }

    [XmlElement("moving", Order = 7)]
    [JsonProperty("moving")]
    [JsonPropertyName("moving")]
    public Moving? Moving { get; set; }

    [XmlElement("derived", Order = 8)]
    [JsonProperty("derived")]
    [JsonPropertyName("derived")]
    public HousingDerived? Derived { get; set; }
}

public class Dwelling
{
    /// <summary>Hva slags bolig bor du i.</summary>
    [MaxLength(255)]
    [XmlElement("type", Order = 1)]
    [JsonProperty("type")]
    [JsonPropertyName("type")]
    public string? Type { get; set; }

    /// <summary>Når ble huset bygd.</summary>
    [MaxLength(255)]
    [XmlElement("builtPeriod", Order = 2)]
    [JsonProperty("builtPeriod")]
    [JsonPropertyName("builtPeriod")]
    public string? BuiltPeriod { get; set; }

    /// <summary>Boligens areal i kvadratmeter.</summary>
    [XmlElement("area", Order = 3)]
    [JsonProperty("area")]
    [JsonPropertyName("area")]
    public int? Area { get; set; }
}

public class Tenure
{
    /// <summary>Eier eller leier dere boligen.</summary>
    [MaxLength(255)]
    [XmlElement("status", Order = 1)]
    [JsonProperty("status")]
    [JsonPropertyName("status")]
    public string? Status { get; set; }

    /// <summary>Husleie per måned i kroner.</summary>
    [XmlElement("rent", Order = 2)]
    [JsonProperty("rent")]
    [JsonPropertyName("rent")]
    public int? Rent { get; set; }

    /// <summary>Hvem leier dere av.</summary>
    [MaxLength(255)]
    [XmlElement("landlord", Order = 3)]
    [JsonProperty("landlord")]
    [JsonPropertyName("landlord")]
    public string? Landlord { get; set; }

    /// <summary>Hvilket år flyttet du inn.</summary>
    [XmlElement("movedIn", Order = 4)]
    [JsonProperty("movedIn")]
    [JsonPropertyName("movedIn")]
    public int? MovedIn { get; set; }
}

public class Rooms
{
    /// <summary>Antall rom, uten kjøkken og bad.</summary>
    [XmlElement("count", Order = 1)]
    [JsonProperty("count")]
    [JsonPropertyName("count")]
    [Required]
    public int? Count { get; set; }

    /// <summary>Hva har boligen.</summary>
    [MaxLength(255)]
    [XmlElement("facilities", Order = 2)]
    [JsonProperty("facilities")]
    [JsonPropertyName("facilities")]
    public string? Facilities { get; set; }

    /// <summary>Har boligen noen av disse problemene.</summary>
    [MaxLength(255)]
    [XmlElement("problems", Order = 3)]
    [JsonProperty("problems")]
    [JsonPropertyName("problems")]
    public string? Problems { get; set; }
}

public class Heating
{
    /// <summary>Hva er den viktigste oppvarmingen.</summary>
    [MaxLength(255)]
    [XmlElement("main", Order = 1)]
    [JsonProperty("main")]
    [JsonPropertyName("main")]
    public string? Main { get; set; }

    /// <summary>Hva brukes i tillegg.</summary>
    [MaxLength(255)]
    [XmlElement("secondary", Order = 2)]
    [JsonProperty("secondary")]
    [JsonPropertyName("secondary")]
    public string? Secondary { get; set; }

    /// <summary>Klarer dere å holde det varmt nok om vinteren.</summary>
    [MaxLength(255)]
    [XmlElement("keepsWarm", Order = 3)]
    [JsonProperty("keepsWarm")]
    [JsonPropertyName("keepsWarm")]
    public string? KeepsWarm { get; set; }
}

public class Energy
{
    /// <summary>Strømforbruk siste år i kWh.</summary>
    [XmlElement("yearlyUse", Order = 1)]
    [JsonProperty("yearlyUse")]
    [JsonPropertyName("yearlyUse")]
    public int? YearlyUse { get; set; }

    /// <summary>Hva slags strømavtale har dere.</summary>
    [MaxLength(255)]
    [XmlElement("contract", Order = 2)]
    [JsonProperty("contract")]
    [JsonPropertyName("contract")]
    public string? Contract { get; set; }

    /// <summary>Hvilke tiltak har dere gjort for å spare strøm.</summary>
    [MaxLength(255)]
    [XmlElement("savingMeasures", Order = 3)]
    [JsonProperty("savingMeasures")]
    [JsonPropertyName("savingMeasures")]
    public string? SavingMeasures { get; set; }
}

public class Neighbourhood
{
    /// <summary>Hvor fornøyd er du med nabolaget.</summary>
    [MaxLength(255)]
    [XmlElement("satisfaction", Order = 1)]
    [JsonProperty("satisfaction")]
    [JsonPropertyName("satisfaction")]
    public string? Satisfaction { get; set; }

    /// <summary>Jeg føler meg trygg ute om kvelden.</summary>
    [MaxLength(255)]
    [XmlElement("safety", Order = 2)]
    [JsonProperty("safety")]
    [JsonPropertyName("safety")]
    public string? Safety { get; set; }

    /// <summary>Hva er dere plaget av støy fra.</summary>
    [MaxLength(255)]
    [XmlElement("noise", Order = 3)]
    [JsonProperty("noise")]
    [JsonPropertyName("noise")]
    public string? Noise { get; set; }
}

public class Moving
{
    /// <summary>Tror du at dere flytter de neste to årene.</summary>
    [MaxLength(255)]
    [XmlElement("plans", Order = 1)]
    [JsonProperty("plans")]
    [JsonPropertyName("plans")]
    public string? Plans { get; set; }

    /// <summary>Hva er den viktigste grunnen.</summary>
    [MaxLength(2000)]
    [XmlElement("reason", Order = 2)]
    [JsonProperty("reason")]
    [JsonPropertyName("reason")]
    public string? Reason { get; set; }
}

public class HousingDerived
{
    /// <summary>Areal per rom, regnet ut av appen.</summary>
    [XmlElement("areaPerRoom", Order = 1)]
    [JsonProperty("areaPerRoom")]
    [JsonPropertyName("areaPerRoom")]
    public decimal? AreaPerRoom { get; set; }
}
